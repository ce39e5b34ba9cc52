// Actors
