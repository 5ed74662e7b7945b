"""Writing what people begin with: projects from templates, and steps."""
