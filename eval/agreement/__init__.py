"""How far judges, and people, agree in their scores of the same answers."""
