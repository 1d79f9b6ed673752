"""Python SDK of kerasd: send models and data, watch them train, take the results."""

from client.client import Client as Client
from client.errors import KerasdError as KerasdError
from client.events import Event as Event
from client.records import Access as Access
from client.records import Artifact as Artifact
from client.records import Dataset as Dataset
from client.records import Job as Job
from client.records import Key as Key
from client.records import Metrics as Metrics
from client.records import Model as Model
from client.records import NewKey as NewKey
from client.records import Page as Page
from client.records import Preview as Preview
from client.records import Worker as Worker
