// Labs
