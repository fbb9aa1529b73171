extension TinyModel {
    /// What `config.json` or `open_clip_config.json` says of this model.
    public func configurationJSON(_ layout: Layout) -> String {
        layout == .openCLIP ? openCLIPJSON : transformersJSON
    }

    private var openCLIPJSON: String {
        """
        {"model_cfg": {"embed_dim": \(embeddingWidth), "quick_gelu": \(isQuickGELU),
          "vision_cfg": {"image_size": \(imageSize), \(openCLIPVisionJSON)},
          "text_cfg": {"context_length": \(contextLength), "vocab_size": \(vocabularySize), "width": \(text.width),
            "heads": \(text.heads), "layers": \(text.layers),
            "mlp_ratio": \(Double(text.mlp) / Double(text.width))}},
         "preprocess_cfg": {"mean": [\(Self.mean)], "std": [\(Self.deviation)],
          "interpolation": "bicubic", "resize_mode": "shortest"}}
        """
    }

    private var openCLIPVisionJSON: String {
        if let resNet {
            return """
                "layers": \(resNet.layers), "width": \(resNet.width), "head_width": \(resNet.headWidth),
                    "patch_size": null
                """
        }
        return """
            "patch_size": \(patchSize), "width": \(vision.width),
                "head_width": \(vision.width / vision.heads), "layers": \(vision.layers),
                "mlp_ratio": \(Double(vision.mlp) / Double(vision.width))
            """
    }

    private var transformersJSON: String {
        func tower(_ it: Tower) -> String {
            """
            "hidden_size": \(it.width), "intermediate_size": \(it.mlp), "num_hidden_layers": \(it.layers),
                "num_attention_heads": \(it.heads), "hidden_act": "\(isQuickGELU ? "quick_gelu" : "gelu")",
                "projection_dim": \(embeddingWidth)
            """
        }
        return """
            {"architectures": ["CLIPModel"], "model_type": "clip", "projection_dim": \(embeddingWidth),
             "vision_config": {\(tower(vision)),
                "image_size": \(imageSize), "patch_size": \(patchSize)},
             "text_config": {\(tower(text)),
                "max_position_embeddings": \(contextLength), "vocab_size": \(vocabularySize),
                "bos_token_id": \(vocabularySize - 2), "eos_token_id": \(vocabularySize - 1)}}
            """
    }

    /// What `preprocessor_config.json` says; the transformers layout has one.
    public var preprocessorJSON: String {
        """
        {"image_processor_type": "CLIPImageProcessor", "do_convert_rgb": true,
         "do_resize": true, "size": {"shortest_edge": \(imageSize)}, "resample": 3,
         "do_center_crop": true, "crop_size": {"height": \(imageSize), "width": \(imageSize)},
         "do_normalize": true, "image_mean": [\(Self.mean)], "image_std": [\(Self.deviation)]}
        """
    }

    private static let mean = "0.48145466, 0.4578275, 0.40821073"
    private static let deviation = "0.26862954, 0.26130258, 0.27577711"
}
