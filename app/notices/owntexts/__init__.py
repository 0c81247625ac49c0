"""An agency's own wording of its letters: written as templates, tried before they are kept, in numbered versions."""
