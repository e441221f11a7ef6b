"""Text: from bytes on disk to ids that a network reads, and back."""
