extension ModelConfiguration {
    /// Reads the settings of an image tower whose `layers` are a list, as open_clip (3.x) does for its
    /// `ModifiedResNet`.
    ///
    /// Settings that only a vision transformer has are accepted and have no effect, as in open_clip: `patch_size` is
    /// null in the published files.
    static func openCLIPResNet(
        _ tower: ConfigurationReader,
        layers: [ConfigurationValue]
    ) throws(ModelError) -> Vision {
        try tower.requireOnly([
            "layers", "width", "head_width", "image_size",
            "patch_size", "mlp_ratio", "ls_init_value", "patch_dropout", "attentional_pool",
            "attn_pooler_queries",
            "attn_pooler_heads", "no_ln_pre", "pos_embed_type", "final_ln_after_pool", "pool_type",
            "output_tokens",
            "act_kwargs", "norm_kwargs", "block_type", "qk_norm", "scaled_cosine_attn", "scale_heads",
            "scale_attn_inner", "scale_attn", "scale_fc", "timm_model_name", "timm_model_pretrained",
            "timm_pool",
            "timm_proj", "timm_proj_bias", "timm_drop", "timm_drop_path",
        ])
        let imageSize = try tower.side("image_size", default: 224, in: ModelBounds.resNetImageSize)
        var resNet = ResNet(
            // This is open_clip's default for any tower; no ResNet of this width was published.
            width: try tower.integer("width", default: 768, in: ModelBounds.resNetWidth),
            bottlenecks: try bottlenecks(layers, key: tower.fullName("layers")),
            heads: 0
        )
        let headWidth = try tower.integer("head_width", default: 64, in: ModelBounds.width)
        resNet.heads = resNet.featureWidth / headWidth
        guard ModelBounds.heads.contains(resNet.heads), resNet.featureWidth % resNet.heads == 0 else {
            throw .invalidSetting(
                key: tower.fullName("head_width"),
                expected: "a divisor of 32 times the width, \(resNet.featureWidth)"
            )
        }
        // open_clip rounds down when it counts positions; for some sizes the last maps have one row more than that.
        guard resNet.grid(imageSize: imageSize) == imageSize / ResNet.reduction else {
            throw .invalidSetting(
                key: tower.fullName("image_size"),
                expected: "a size that is not one less than a multiple of \(ResNet.reduction)"
            )
        }
        guard resNet.width * (imageSize / 2) * (imageSize / 2) <= ModelBounds.resNetMaps else {
            throw .invalidSetting(
                key: tower.fullName("image_size"),
                expected: "a size whose maps have at most \(ModelBounds.resNetMaps) numbers at this width"
            )
        }
        return Vision(imageSize: imageSize, architecture: .resNet(resNet))
    }

    private static func bottlenecks(_ layers: [ConfigurationValue], key: String) throws(ModelError) -> [Int] {
        let bounds = ModelBounds.bottlenecks
        let numbers = layers.compactMap { layer -> Int? in
            guard case .number(let number) = layer, let count = Int(exactly: number), bounds.contains(count)
            else { return nil }
            return count
        }
        guard numbers.count == layers.count, numbers.count == ResNet.layerCount else {
            throw .invalidSetting(
                key: key,
                expected:
                    "a number, or a list of four whole numbers from \(bounds.lowerBound) to \(bounds.upperBound)"
            )
        }
        return numbers
    }
}
