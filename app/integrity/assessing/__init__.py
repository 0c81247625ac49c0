"""An audit's result in the record: what became of each site's data, and so whether the site is current."""
