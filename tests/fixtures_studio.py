"""Two deployments on the vendors' server: whatever can be configured, shared out among them."""

from collections.abc import Iterator

import pytest

from runtime.temporal_server import RunningTemporal
from tests.fake_gcs import BUCKET, running_fake_gcs
from tests.kit.studio import (
    FAL_KEY,
    KLING_KEY,
    OMNI_IMAGE,
    OMNI_VIDEO,
    Studio,
    running_studio,
)
from tests.kit.vendors.server import VendorServer
from tests.kit.vendors.sinks import gcs_sink


@pytest.fixture(scope="session")
def open_studio(
    tmp_path_factory: pytest.TempPathFactory, temporal_server: RunningTemporal
) -> Iterator[Studio]:
    """Google's developer API, fal, and Omni with its backend ids."""
    folder = tmp_path_factory.mktemp("studio") / "open"
    with (
        VendorServer() as vendors,
        running_studio(
            folder,
            temporal_server.address,
            vendors,
            FVS_FAL_KEY=FAL_KEY,
            FVS_FAL_BASE_URL=vendors.url,
            FVS_OMNI_IMAGE_MODEL_ID=OMNI_IMAGE,
            FVS_OMNI_VIDEO_MODEL_ID=OMNI_VIDEO,
        ) as studio,
    ):
        yield studio


@pytest.fixture(scope="session")
def open_other_studio(
    tmp_path_factory: pytest.TempPathFactory, temporal_server: RunningTemporal
) -> Iterator[Studio]:
    """Google's developer API, Google Cloud with a bucket, Kling's own API; no ids for Omni."""
    folder = tmp_path_factory.mktemp("studio")
    with (
        running_fake_gcs(folder / "gcs") as endpoint,
        VendorServer(object_sink=gcs_sink(endpoint)) as vendors,
        running_studio(
            folder / "other",
            temporal_server.address,
            vendors,
            FVS_KLING_API_KEY=KLING_KEY,
            FVS_KLING_BASE_URL=vendors.url,
            FVS_GOOGLE_PROJECT="film-project",
            FVS_GOOGLE_LOCATION="us-central1",
            FVS_GOOGLE_OUTPUT_URI=f"gs://{BUCKET}/outputs",
            FVS_GOOGLE_CLOUD_BASE_URL=vendors.url,
            FVS_GCS_ENDPOINT=endpoint,
        ) as studio,
    ):
        yield studio


@pytest.fixture
def studio(open_studio: Studio) -> Studio:
    """The first deployment, as if it were new."""
    open_studio.fresh()
    return open_studio


@pytest.fixture
def other_studio(open_other_studio: Studio) -> Studio:
    open_other_studio.fresh()
    return open_other_studio
