config = {"name": "notes", "baseConfig": {"storageType": "default"}}
