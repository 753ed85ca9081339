"""What is asked of AWS and of SAM: stacks, the emulator, quotas, prices, the resolved template."""
