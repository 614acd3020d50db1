"""Where a render's objects are stored. Keys are ours alone: no caller's text is in them."""


def analysis_key(project_id: str) -> str:
    return f"projects/{project_id}/analysis.json"


def screenplay_key(project_id: str) -> str:
    return f"projects/{project_id}/screenplay.json"


def music_key(project_id: str) -> str:
    return f"projects/{project_id}/music.wav"


def composition_key(project_id: str) -> str:
    """What a music model gave, before it is decoded."""
    return f"projects/{project_id}/composition"


def track_report_key(project_id: str) -> str:
    return f"projects/{project_id}/music.json"


def narration_key(project_id: str) -> str:
    return f"projects/{project_id}/narration.wav"


def narration_line_key(project_id: str, shot: int, digest: str) -> str:
    """What is said over one shot; `digest` tells apart what different models made of it."""
    return f"projects/{project_id}/narration/{shot:03d}-{digest}.wav"


def narration_transcript_key(project_id: str) -> str:
    return f"projects/{project_id}/narration.json"


def subtitles_key(project_id: str) -> str:
    return f"projects/{project_id}/subtitles.vtt"


def sheet_key(project_id: str, character: int) -> str:
    return f"projects/{project_id}/sheets/character-{character:02d}.png"


def asset_picture_key(project_id: str, index: int, picture: int) -> str:
    """More pictures of an upload: frames of a video, pictures in a document; counted from 1."""
    return f"projects/{project_id}/stills/asset-{index:02d}-{picture:02d}.png"


def asset_still_key(project_id: str, index: int) -> str:
    return f"projects/{project_id}/stills/asset-{index:02d}.png"


def asset_audio_key(project_id: str, index: int) -> str:
    return f"projects/{project_id}/audio/asset-{index:02d}.wav"


def keyframe_key(project_id: str, shot: int, attempt: int) -> str:
    return f"projects/{project_id}/shots/{shot:03d}/keyframe-{attempt}.png"


def clip_key(project_id: str, shot: int, attempt: int) -> str:
    return f"projects/{project_id}/shots/{shot:03d}/clip-{attempt}.mov"


def preview_key(project_id: str, shot: int, attempt: int) -> str:
    return f"projects/{project_id}/shots/{shot:03d}/clip-{attempt}.mp4"


def thumbnail_key(project_id: str, shot: int, attempt: int) -> str:
    return f"projects/{project_id}/shots/{shot:03d}/thumbnail-{attempt}.jpg"


def brief_key(project_id: str, stage: str) -> str:
    return f"projects/{project_id}/briefs/{stage}.wav"


def film_key(project_id: str) -> str:
    return f"projects/{project_id}_final.mp4"


def poster_key(project_id: str) -> str:
    return f"projects/{project_id}/poster.jpg"


def quality_report_key(project_id: str) -> str:
    return f"projects/{project_id}/quality.json"
