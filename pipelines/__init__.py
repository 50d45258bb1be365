"""The face of the pipelines: all that `ui` and `api` may know."""

from pipelines.asking.hires import SCALE as HIRES_SCALE
from pipelines.asking.hires import SIDE_PX as HIRES_SIDE_PX
from pipelines.asking.hires import STRENGTH as HIRES_STRENGTH
from pipelines.asking.hires import Hires
from pipelines.asking.noise import ANY_SEED, FROM_PX, SEED_MAX, VARIATION, Noise
from pipelines.asking.noise import SOURCES as NOISE_SOURCES
from pipelines.asking.sampling import BOUNDS as SAMPLING_BOUNDS
from pipelines.asking.sampling import GUIDANCE, STEPS, Sampling
from pipelines.asking.wording import COMMA_BACKTRACK, EMPHASES, Wording
from pipelines.branching import Branch, adds_noise
from pipelines.catalog.cards import licence_row
from pipelines.catalog.checkpoint import Checkpoint, Other
from pipelines.catalog.embeddings import EmbeddingFile
from pipelines.catalog.guides import GUIDES as GUIDE_KINDS
from pipelines.catalog.titles import AUTO_V2_DIGITS, find_title, title_of
from pipelines.catalog.vaes import VaeFile
from pipelines.downloads.downloads import Downloads
from pipelines.downloads.offers import offers_for
from pipelines.downloads.plan import Order
from pipelines.editing.presets import PRESETS
from pipelines.editing.source import AREAS, CONTENTS, Inpainting, Region, Source
from pipelines.editing.source import RESIZES as SOURCE_RESIZES
from pipelines.errors import (
    LoginNeeded,
    NotFound,
    NothingMasked,
    Refused,
    RequestError,
    SettingsError,
    StudioError,
    UploadError,
)
from pipelines.finetune.desk.telling import as_dict as training_as_dict
from pipelines.finetune.training import Training
from pipelines.graphics.graphics import Graphics, Wanted
from pipelines.graphics.styles import GRAPHIC_STYLES
from pipelines.guiding.guides import PREPROCESSORS, RESIZES, Control, ImagePrompt
from pipelines.job import ENDED_STATES, FAILED, RUNNING, Job, Picture
from pipelines.manager.explaining import PromptQuestion
from pipelines.manager.manager import PipelineManager
from pipelines.manager.proposals import PROPOSALS, Proposals
from pipelines.manager.upscalers import upscaler_rows
from pipelines.manager.vaes import find_vae
from pipelines.output.assets import Asset, Assets
from pipelines.output.infotext import read as read_infotext
from pipelines.output.infotext import to_request as infotext_to_request
from pipelines.output.metadata import parse as read_texts
from pipelines.output.record import PictureRecord
from pipelines.projects.changes import NAME_CHARACTERS as PROJECT_NAME_CHARACTERS
from pipelines.projects.project import Project
from pipelines.projects.telling import as_dict as project_as_dict
from pipelines.projects.telling import summary as project_summary
from pipelines.prompting.styles import Style
from pipelines.request import (
    BATCH,
    CLIP_SKIP,
    COUNT,
    FORMATS,
    REFINER_SWITCH_AT,
    SEAMLESS,
    SIZE_PX,
    SWITCH_AT,
    Defaults,
    Request,
    is_own_vae,
)
from pipelines.samplers import SAMPLERS, SCHEDULES
from pipelines.settings import Settings
from pipelines.upscalers import UPSCALERS
from pipelines.version import VERSION
from pipelines.video.stills import Stills
from pipelines.video.video import Video

__all__ = [
    "ANY_SEED",
    "AREAS",
    "AUTO_V2_DIGITS",
    "BATCH",
    "CLIP_SKIP",
    "COMMA_BACKTRACK",
    "CONTENTS",
    "COUNT",
    "EMPHASES",
    "ENDED_STATES",
    "FAILED",
    "FORMATS",
    "FROM_PX",
    "GRAPHIC_STYLES",
    "GUIDANCE",
    "GUIDE_KINDS",
    "HIRES_SCALE",
    "HIRES_SIDE_PX",
    "HIRES_STRENGTH",
    "NOISE_SOURCES",
    "PREPROCESSORS",
    "PRESETS",
    "PROJECT_NAME_CHARACTERS",
    "PROPOSALS",
    "REFINER_SWITCH_AT",
    "RESIZES",
    "RUNNING",
    "SAMPLERS",
    "SAMPLING_BOUNDS",
    "SCHEDULES",
    "SEAMLESS",
    "SEED_MAX",
    "SIZE_PX",
    "SOURCE_RESIZES",
    "STEPS",
    "SWITCH_AT",
    "UPSCALERS",
    "VARIATION",
    "VERSION",
    "Asset",
    "Assets",
    "Branch",
    "Checkpoint",
    "Control",
    "Defaults",
    "Downloads",
    "EmbeddingFile",
    "Graphics",
    "Hires",
    "ImagePrompt",
    "Inpainting",
    "Job",
    "LoginNeeded",
    "Noise",
    "NotFound",
    "NothingMasked",
    "Order",
    "Other",
    "Picture",
    "PictureRecord",
    "PipelineManager",
    "Project",
    "PromptQuestion",
    "Proposals",
    "Refused",
    "Region",
    "Request",
    "RequestError",
    "Sampling",
    "Settings",
    "SettingsError",
    "Source",
    "Stills",
    "StudioError",
    "Style",
    "Training",
    "UploadError",
    "VaeFile",
    "Video",
    "Wanted",
    "Wording",
    "adds_noise",
    "find_title",
    "find_vae",
    "infotext_to_request",
    "is_own_vae",
    "licence_row",
    "offers_for",
    "project_as_dict",
    "project_summary",
    "read_infotext",
    "read_texts",
    "title_of",
    "training_as_dict",
    "upscaler_rows",
]
