"""Two runs, question by question: how far apart they are, how sure that is, and every answer that changed."""
