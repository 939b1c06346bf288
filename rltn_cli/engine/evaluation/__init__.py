"""How good pictures are: protocols, methods, metrics, reports and the user study."""
