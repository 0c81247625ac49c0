"""What clients were told: composed, issued, and found again when it is no longer true."""
