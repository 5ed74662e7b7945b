"""Language runners: their processes, their connections and the wire."""
