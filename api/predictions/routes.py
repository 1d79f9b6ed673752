"""Address of predictions."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query
from starlette.background import BackgroundTask
from starlette.responses import Response

from api.deps import DatabaseDep, QueueDep, SettingsDep, StoreDep
from api.errors import documented
from api.names import JobId
from api.predictions.answers import write_answer
from api.predictions.schemas import PREDICT_ANSWER, PREDICT_BODY
from api.predictions.service import find_form, forget_prediction, submit_prediction, wait_for_prediction
from api.uploads import UploadDep

router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["predictions"])


@router.post(
    "/predict",
    response_model=None,
    openapi_extra=PREDICT_BODY,
    responses={**PREDICT_ANSWER, **documented(400, 404, 409, 413, 415, 422, 504)},
)
async def predict(
    job_id: JobId,
    upload: UploadDep,
    database: DatabaseDep,
    store: StoreDep,
    queue: QueueDep,
    settings: SettingsDep,
    timeout_seconds: Annotated[float, Query(gt=0, le=600)] = 60,
) -> Response:
    """Predict with the trained model; waits for a worker and answers in the form of the input."""
    prediction_id = await to_thread.run_sync(
        submit_prediction, database, store, queue, settings, job_id, upload
    )
    arrays = await wait_for_prediction(database, store, prediction_id, timeout_seconds)
    answer = await to_thread.run_sync(write_answer, arrays, find_form(upload))
    answer.background = BackgroundTask(forget_prediction, database, store, prediction_id)
    return answer
