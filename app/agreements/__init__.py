"""What was agreed: provider, service (the hosted thing under contract), agreement with dated terms."""
