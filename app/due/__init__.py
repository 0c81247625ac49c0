"""What is due: claims by their last day, tickets to open now, promised updates; reminders and a calendar feed."""
