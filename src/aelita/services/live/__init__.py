"""The live complex: streams, stations, receivers, processors, archivers, and who keeps them running."""
