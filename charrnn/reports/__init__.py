"""Reports: numbers about a model in frozen dataclasses. How they look is render's business."""
