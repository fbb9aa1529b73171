/// What the names of a checkpoint's tensors tell about it.
enum TensorNames {
    /// The prefixes of training wrappers: PyTorch's DistributedDataParallel, Lightning and `torch.compile`.
    private static let wrappers = ["module.", "model.", "_orig_mod."]

    /// The number of characters that wrappers have put before all names; 0 for a single tensor, which is not a
    /// checkpoint.
    static func wrapperLength(of names: some Collection<String>) -> Int {
        guard names.count > 1, let first = names.first else { return 0 }
        var prefix = ""
        while let wrapper = wrappers.first(where: { wrapper in
            first.dropFirst(prefix.count).hasPrefix(wrapper)
                && names.allSatisfy { $0.hasPrefix(prefix + wrapper) }
        }) {
            prefix += wrapper
        }
        return prefix.count
    }

    /// The layout to which the names belong; nil if they are not those of a CLIP.
    ///
    /// `open_clip` calls its towers `visual` and `text`, or has OpenAI's text tower at the root.
    static func layout(of names: some Collection<String>) -> ModelDirectory.Layout? {
        let length = wrapperLength(of: names)
        var isOpenCLIP = false
        for name in names {
            let name = name.dropFirst(length)
            if ["vision_model.", "text_model."].contains(where: name.hasPrefix) { return .transformers }
            isOpenCLIP =
                isOpenCLIP || ["visual.", "text."].contains(where: name.hasPrefix)
                || name == "token_embedding.weight"
        }
        return isOpenCLIP ? .openCLIP : nil
    }
}
