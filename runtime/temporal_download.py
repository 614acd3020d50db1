"""Have the SDK download the Temporal CLI: `python -m runtime.temporal_download FOLDER VERSION`.

A process of its own, because the download cannot be interrupted from Python.
"""

import asyncio
import os
import sys

from temporalio.testing import WorkflowEnvironment


async def download(folder: str, version: str) -> None:
    """Leave the CLI in the folder. Starting its server is the SDK's only way to fetch it."""
    environment = await WorkflowEnvironment.start_local(
        download_dest_dir=folder, dev_server_download_version=f"v{version}"
    )
    await environment.shutdown()


if __name__ == "__main__":
    try:
        asyncio.run(download(sys.argv[1], sys.argv[2]))
    except RuntimeError:
        os._exit(1)
    os._exit(0)  # the SDK's native threads do not survive the interpreter's own shutdown
