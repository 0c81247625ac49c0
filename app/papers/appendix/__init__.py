"""The evidence appendix: exhibits, chronology, outages, sites, messages, clauses, set-up and sheet."""
