extension ModelConfiguration {
    /// Reads the settings of an image tower that is a timm network, as open_clip (3.x) does for its `TimmModel`.
    ///
    /// Settings of open_clip's own towers are accepted and have no effect, as in open_clip.
    static func openCLIPTrunk(
        _ tower: ConfigurationReader,
        name: String,
        trunks: [TimmTrunk],
        embeddingWidth: Int
    ) throws(ModelError) -> Vision {
        try tower.requireOnly([
            "timm_model_name", "timm_model_pretrained", "timm_pool", "timm_proj", "timm_proj_bias",
            "timm_drop", "timm_drop_path", "image_size",
            "layers", "width", "head_width", "mlp_ratio", "patch_size", "ls_init_value", "patch_dropout",
            "attentional_pool", "attn_pooler_queries", "attn_pooler_heads", "no_ln_pre", "pos_embed_type",
            "final_ln_after_pool", "pool_type", "output_tokens", "act_kwargs", "norm_kwargs", "block_type",
            "qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn_inner", "scale_attn", "scale_fc",
        ])
        guard let trunk = trunks.first(where: { $0.name == name }) else {
            throw .unsupportedSetting(
                key: tower.fullName("timm_model_name"),
                value: ConfigurationValue.string(name).description
            )
        }
        let pool = try tower.string("timm_pool", default: "avg")
        // An empty value leaves timm's own pooling in place.
        guard pool.isEmpty || pool == trunk.pool else {
            throw .unsupportedSetting(
                key: tower.fullName("timm_pool"),
                value: ConfigurationValue.string(pool).description
            )
        }
        let imageSize = try tower.side("image_size", default: 224, in: ModelBounds.imageSize)
        guard imageSize == trunk.imageSize else {
            throw .invalidSetting(
                key: tower.fullName("image_size"),
                expected: "\(trunk.imageSize), since timm's \(name) is made for it"
            )
        }
        var transformer = trunk.transformer
        transformer.projection = try projection(tower, pool: pool)
        guard transformer.projection != .none || transformer.encoder.width == embeddingWidth else {
            throw .invalidSetting(
                key: "embed_dim",
                expected: "the image tower's width, \(transformer.encoder.width), where it has no projection"
            )
        }
        return Vision(imageSize: imageSize, architecture: .transformer(transformer))
    }

    /// The projection: timm's own classifier, which has a bias; a layer of open_clip's; or none.
    private static func projection(
        _ tower: ConfigurationReader,
        pool: String
    ) throws(ModelError) -> Projection {
        // An absent setting means linear, and null means timm's own.
        let name = tower.fields["timm_proj"] == nil ? "linear" : try tower.string("timm_proj", default: "")
        switch name {
        case "": return .biased
        case "none": return .none
        case "linear":
            try tower.require("timm_proj_bias", toBe: .bool(false))
            return .plain
        default:
            throw .unsupportedSetting(
                key: tower.fullName("timm_proj"),
                value: ConfigurationValue.string(name).description
            )
        }
    }
}
