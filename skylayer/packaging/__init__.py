"""What `sam build` makes: the layers and the functions, as trees that are the same at every build."""
