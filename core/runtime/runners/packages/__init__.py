"""What `runtime install` does: the packages that a project asks for, put where its runners find them."""
