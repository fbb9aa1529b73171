extension CheckpointNames {
    /// The names of an image tower that is a ResNet.
    ///
    /// Only open_clip's layout has one.
    struct ResNet {
        /// The names of a convolution without a bias and of the batch norm after it.
        struct NormedConvolution {
            let kernels: String
            let norm: String
        }

        let stem: [NormedConvolution]
        /// The names of the layers; a layer's bottlenecks lie below it, each under its number.
        let layers: [String]
        /// The names within a bottleneck begin here.
        let narrowing: NormedConvolution
        let middle: NormedConvolution
        let widening: NormedConvolution
        let shortcut: NormedConvolution
        /// The names of the attention pooling begin here.
        let positions: String
        let query: String
        let key: String
        let value: String
        let output: String
    }

    static let resNet = ResNet(
        stem: (1...3).map { .init(kernels: "visual.conv\($0).weight", norm: "visual.bn\($0)") },
        layers: (1...4).map { "visual.layer\($0)" },
        narrowing: .init(kernels: "conv1.weight", norm: "bn1"),
        middle: .init(kernels: "conv2.weight", norm: "bn2"),
        widening: .init(kernels: "conv3.weight", norm: "bn3"),
        shortcut: .init(kernels: "downsample.0.weight", norm: "downsample.1"),
        positions: "visual.attnpool.positional_embedding",
        query: "visual.attnpool.q_proj",
        key: "visual.attnpool.k_proj",
        value: "visual.attnpool.v_proj",
        output: "visual.attnpool.c_proj"
    )
}
