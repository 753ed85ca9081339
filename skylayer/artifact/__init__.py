"""The build side of the artifact contract: choose engines, write artifacts, open them, verify them."""
