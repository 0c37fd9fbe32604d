"""On what terms data may be used: a licence or a note, of a data set or of one version."""
