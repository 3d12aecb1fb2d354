"""From a question to ranked passages, each with the reasons of its rank."""
