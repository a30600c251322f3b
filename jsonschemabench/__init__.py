"""The bundled schema benchmark: a corpus written for this project, a runner and a report."""
