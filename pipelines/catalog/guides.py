"""What the header says of ControlNets, IP-Adapters and their image encoders: why one cannot be used, who fits whom."""

from __future__ import annotations

from pipelines.catalog.contents import EIGHT_BITS, Shapes
from pipelines.catalog.families import FAMILIES, REFINER
from pipelines.catalog.weights_file import Header

GUIDES = ("controlnet", "ip_adapter", "image_encoder")
PICTURE_CHANNELS = 3
HINTS = ("input_hint_block.0.weight", "controlnet_cond_embedding.conv_in.weight")
# A layer of an IP-Adapter that reads what the image encoder writes: name → (what that is, its dimension there).
READERS = {
    "image_proj.proj.weight": ("pooled", 1),
    "image_proj.proj_in.weight": ("states", 1),
    "image_proj.proj.0.weight": ("states", 1),
}
# And of an image encoder, by which it is known how much it writes.
WRITERS = {
    "visual_projection.weight": ("pooled", 0),
    "vision_model.embeddings.class_embedding": ("states", 0),
}


def why_no_guide(kind: str, family: str, header: Header) -> str:
    """Why this file cannot be used, as the end of a sentence that begins with its name; else empty."""
    if header.dtypes & EIGHT_BITS:
        return "has weights of 8 bits, which are not supported yet; choose its fp16 file"
    if family and (family not in FAMILIES or family == REFINER):
        return f"is made for checkpoints of the family {family}, which are not supported yet"
    if kind == "controlnet":
        hints = (
            header.shapes.get(prefix + name) for prefix in ("", "control_model.") for name in HINTS
        )
        shape = next((shape for shape in hints if shape), ())
        if len(shape) != 4 or shape[1] != PICTURE_CHANNELS:
            return "is a ControlNet that looks at no RGB picture, which is not supported yet"
    if kind != "controlnet" and not marks_of(kind, header.shapes):
        return "is damaged: the layer between image encoder and adapter is missing"
    return ""


def marks_of(kind: str, shapes: Shapes) -> tuple[str, ...]:
    """What an IP-Adapter reads of a picture, e.g. "pooled 1024", and what an image encoder has to offer."""
    table = READERS if kind == "ip_adapter" else WRITERS
    return tuple(
        f"{what} {shapes[name][dimension]}"
        for name, (what, dimension) in table.items()
        if len(shapes.get(name, ())) > dimension
    )
