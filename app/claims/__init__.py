"""Claims on a provider: drafted from a judged period, approved by name, filed, answered, credited."""
