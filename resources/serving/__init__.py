"""What answers with a model: references, deployments, the server and its replicas."""
