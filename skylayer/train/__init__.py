"""What is learned: the pipeline of training/, its task, its evaluation and scores."""
