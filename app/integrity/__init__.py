"""What a migration lost, reverted or damaged: sites before, during and after it, sealed before anybody knows."""
