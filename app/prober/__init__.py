"""The prober: asks what it is told to ask, without ever pausing. Pure asyncio; monitors and answers are values."""
