"""The model for ``mlflow models serve``, as MLflow loads models from code."""

from typing import Any

import mlflow
from mlflow.pyfunc.model import PythonModel

from benchmarks.serving.apps.model import Network


class Model(PythonModel):
    """Pictures in, probabilities out."""

    def load_context(self, context: Any) -> None:  # noqa: ARG002
        """Load the network."""
        self.network = Network()

    # Hints would be taken for a signature.
    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """What it says."""
        return self.network(model_input)[0]


mlflow.models.set_model(Model())
