"""The edge that people and programs reach over HTTP: four audiences, each in a folder of its own."""
