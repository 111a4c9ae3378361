"""Pictures of what a model learned, drawn with Pillow: no plotting library is needed."""

from __future__ import annotations

from fastconv.plot.contact_sheet import contact_sheet
from fastconv.plot.curves import curves

__all__ = ["contact_sheet", "curves"]
