"""Toy installations of other programs, laid out as the real ones are: for the tests, and to look at the page."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests import paper_file

PARAMETERS = (
    "a lighthouse in a storm, oil on canvas\nNegative prompt: blurry\n"
    "Steps: 24, Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: 4711, Size: 512x768, "
    "Model hash: 0123456789, Model: seascapes, Version: v1.10.1"
)
GRAPH: dict[str, Any] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 156680208700286,
            "steps": 30,
            "cfg": 8.0,
            "sampler_name": "euler_ancestral",
            "scheduler": "karras",
            "denoise": 1.0,
            "model": ["10", 0],
            "positive": ["6", 0],
            "negative": ["7", 0],
            "latent_image": ["5", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "XL/galaxy.v2.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 640, "height": 512, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["11", 0], "clip": ["10", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "watermark", "clip": ["10", 1]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "ComfyUI", "images": ["8", 0]}},
    "10": {"class_type": "LoraLoader", "inputs": {
        "lora_name": "style/ink.safetensors", "strength_model": 0.8, "strength_clip": 0.8,
        "model": ["4", 0], "clip": ["4", 1],
    }},
    "11": {"class_type": "PrimitiveStringMultiline", "inputs": {"value": "galaxy in a bottle"}},
}  # fmt: skip
INVOKE = {
    "generation_mode": "txt2img",
    "positive_prompt": "porcelain fox",
    "negative_prompt": "plastic",
    "width": 512,
    "height": 512,
    "seed": 1234,
    "cfg_scale": 7.5,
    "steps": 33,
    "scheduler": "dpmpp_2m_k",
    "model": {"key": "k", "name": "porcelain-v1", "base": "sd-1", "type": "main"},
}


def picture(path: Path, **texts: str) -> Path:
    """A small PNG with these text chunks."""
    chunks = PngInfo()
    for name, text in texts.items():
        chunks.add_text(name.replace("__", "-"), text)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 96), (120, 90, 60)).save(path, pnginfo=chunks)
    return path


def put(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def forge(root: Path) -> Path:
    """Forge, with folders elsewhere by its flags and its config."""
    for file in ("webui.py", "modules_forge/initialization.py", "modules/shared.py"):
        put(root / file)
    paper_file.write(root / "models/Stable-diffusion/seascapes.safetensors")
    paper_file.write(root.parent / "more models/elsewhere.safetensors")
    put(root / "embeddings/easy.pt")
    put(root / "models/adetailer/face.pt")
    put(root / "styles.csv", STYLES)
    put(root / "extensions/sd-dynamic-prompts/wildcards/colour.txt", "red\nblue\n")
    put(
        root / "webui-user.sh",
        '#!/bin/bash\n#export COMMANDLINE_ARGS="--ckpt-dir /nowhere"\n'
        'MORE="../more models"\nexport COMMANDLINE_ARGS="--medvram --ckpt-dir \'${MORE}\' \\\n'
        '  --lora-dir=/gone/loras"\n',
    )
    saved = root.parent / "saved pictures"
    put(root / "config.json", json.dumps({"outdir_save": str(saved), "sd_model_checkpoint": "x"}))
    picture(root / "outputs/txt2img-images/2023-04-01/00007-4711.png", parameters=PARAMETERS)
    picture(root / "outputs/txt2img-images/2023-04-01/00008-1.png")
    picture(saved / "kept.png", parameters=PARAMETERS.replace("lighthouse", "harbour"))
    return root


def comfyui(root: Path) -> Path:
    """ComfyUI, with the models of a web UI beside it by its file of extra paths."""
    for file in ("comfy/sd.py", "main.py", "folder_paths.py"):
        put(root / file)
    paper_file.write(root / "models/checkpoints/galaxy.v2.safetensors")
    paper_file.write(root.parent / "a1111/models/Stable-diffusion/shared.safetensors")
    put(root / "custom_nodes/impact/wildcards/animal.txt", "cat\n")
    put(
        root / "extra_model_paths.yaml",
        "a111:\n  base_path: ../a1111/\n  checkpoints: models/Stable-diffusion\n"
        "  loras: |\n    models/Lora\n    models/LyCORIS\n  configs: models/Stable-diffusion\n",
    )
    texts = {"prompt": json.dumps(GRAPH), "workflow": json.dumps({"nodes": [], "links": []})}
    picture(root / "output/ComfyUI_00001_.png", **texts)
    return root


def invokeai(root: Path) -> Path:
    """InvokeAI, with a model that it uses where it lies elsewhere, and copies of its pictures for its own grid."""
    put(root / "invokeai.yaml", "schema_version: 4.0.2\noutputs_dir: outputs # as ever\n")
    paper_file.write(root / "models/0f-1e/porcelain-v1.safetensors")
    elsewhere = paper_file.write(root.parent / "downloads/in-place.safetensors")
    (root / "databases").mkdir()
    with closing(sqlite3.connect(root / "databases/invokeai.db")) as db:
        db.execute("CREATE TABLE models (id TEXT, path TEXT)")
        rows = [("0f-1e/porcelain-v1.safetensors",), (str(elsewhere),), ("/gone/x.safetensors",)]
        db.executemany("INSERT INTO models VALUES ('', ?)", rows)
        db.execute("CREATE TABLE images (image_name TEXT, is_intermediate BOOLEAN)")
        db.execute("INSERT INTO images VALUES ('9d3e.png', FALSE), ('mask.png', TRUE)")
        db.commit()
    picture(root / "outputs/images/9d3e.png", invokeai_metadata=json.dumps(INVOKE))
    picture(root / "outputs/images/mask.png")
    picture(root / "outputs/images/thumbnails/9d3e.webp.png", invokeai_metadata=json.dumps(INVOKE))
    return root


STYLES = (
    "\ufeffname,prompt,negative_prompt\n"
    'Oil,"{prompt}, oil on canvas",photo\n'
    "Ink,black ink,\n"
    "# ---- heading,,\n"
    'Oil,"oil painting of {prompt}",\n'
)
