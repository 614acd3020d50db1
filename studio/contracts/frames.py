"""Frame sizes, all 16:9, in pixels."""

from typing import Final

VIDEO_FRAME_SIZES: Final = {"720p": (1280, 720), "1080p": (1920, 1080), "4k": (3840, 2160)}
IMAGE_FRAME_SIZES: Final = {"1K": (1280, 720), "2K": (2560, 1440), "4K": (3840, 2160)}
