"""Any model that MLflow can load: scikit-learn, its own Python functions and the rest."""

import logging
from typing import Any

import numpy as np

from resources.errors import BadInput
from resources.serving.tensors import Array, Tensors, TensorSpec, datatype_of

OUTPUT = "predictions"


class PyfuncPredictor:
    """A model in one of MLflow's flavours, which says by its signature what it takes."""

    classes: tuple[str, ...] = ()

    def __init__(self, location: str) -> None:
        import mlflow.pyfunc

        logging.getLogger("mlflow").setLevel(logging.ERROR)
        self._model: Any = mlflow.pyfunc.load_model(location)
        schema = self._model.metadata.get_input_schema()
        if schema is None:
            raise BadInput(
                f"the model at {location} has no signature",
                "Log it in MLflow with a signature, which says what it takes.",
            )
        self._is_of_columns = not schema.is_tensor_spec()
        self.inputs = tuple(_specs(schema, "inputs"))
        outputs = self._model.metadata.get_output_schema()
        self.outputs = (
            tuple(_specs(outputs, OUTPUT)) if outputs is not None else (TensorSpec(OUTPUT, "FP64", (-1,)),)
        )

    def predict(self, given: Tensors) -> dict[str, Array]:
        """See :class:`resources.serving.replicas.predictors.Predictor`."""
        return _arrays(self._model.predict(self._asked(given)))

    def _asked(self, given: Tensors) -> Any:
        if self._is_of_columns:
            import pandas as pd

            return pd.DataFrame(dict(given))
        return given[self.inputs[0].name] if len(self.inputs) == 1 else dict(given)


def _specs(schema: Any, unnamed: str) -> list[TensorSpec]:
    if schema.is_tensor_spec():
        return [
            TensorSpec(one.name or unnamed, datatype_of(np.empty(0, one.type)), (-1, *one.shape[1:]))
            for one in schema.inputs
        ]
    return [
        TensorSpec(name or unnamed, datatype_of(np.empty(0, kind.to_numpy())), (-1,))
        for name, kind in zip(schema.input_names() or [unnamed], schema.input_types(), strict=False)
    ]


def _arrays(said: Any) -> dict[str, Array]:
    import pandas as pd

    if isinstance(said, pd.DataFrame):
        return {str(name): np.asarray(column) for name, column in said.items()}
    if isinstance(said, dict):
        return {str(name): np.asarray(values) for name, values in said.items()}
    return {OUTPUT: np.asarray(said)}
