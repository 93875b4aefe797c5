"""A sound as a sampler's instrument: SFZ, DecentSampler, SoundFont."""
