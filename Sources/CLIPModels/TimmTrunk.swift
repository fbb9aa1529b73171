import CLIPKernels

/// A timm network that an `open_clip_config.json` names as its image tower.
///
/// The file gives nothing but the name, so the shape is written down here, after timm 1.0.31
/// (`models/vision_transformer.py`, `models/eva.py`). Only the number of blocks is not; the weights tell it.
package struct TimmTrunk: Sendable {
    /// The network's name in timm.
    package var name: String
    /// The width and height of an image in pixels.
    package var imageSize: Int
    /// The pooling that timm uses for it, in timm's word: "token", "avg" or "map".
    package var pool: String
    /// The network's shape; its projection is open_clip's choice.
    package var transformer: ModelConfiguration.PatchTransformer

    package init(
        name: String,
        imageSize: Int,
        pool: String,
        transformer: ModelConfiguration.PatchTransformer
    ) {
        self.name = name
        self.imageSize = imageSize
        self.pool = pool
        self.transformer = transformer
        self.transformer.trunk = name
    }

    /// The networks that are supported.
    package static let known = sigLIP + perceptionEncoders + others

    private static func encoder(
        _ width: Int,
        heads: Int,
        mlp: Int? = nil,
        activation: Activation = .gelu,
        epsilon: Float = 1e-6
    ) -> ModelConfiguration.Encoder {
        ModelConfiguration.Encoder(
            width: width,
            layers: nil,
            heads: heads,
            mlpWidth: mlp ?? 4 * width,
            activation: activation,
            layerNormEpsilon: epsilon
        )
    }

    // MARK: SigLIP and SigLIP 2

    private static func sigLIP(
        _ name: String,
        _ imageSize: Int,
        patch: Int,
        width: Int,
        heads: Int,
        mlp: Int? = nil,
        activation: Activation
    ) -> TimmTrunk {
        let encoder = Self.encoder(width, heads: heads, mlp: mlp, activation: activation)
        return TimmTrunk(
            name: name,
            imageSize: imageSize,
            pool: "map",
            transformer: ModelConfiguration.PatchTransformer(
                patchSize: patch,
                encoder: encoder,
                hasClassToken: false,
                hasPatchBias: true,
                hasInputNorm: false,
                pooling: .latent(
                    .init(heads: heads, mlpWidth: encoder.mlpWidth, activation: activation)
                )
            )
        )
    }

    /// timm uses different GELUs for different sizes, whatever the networks were trained with.
    private static let sigLIP: [TimmTrunk] =
        [224, 256, 384, 512].map {
            sigLIP(
                "vit_base_patch16_siglip_\($0)",
                $0,
                patch: 16,
                width: 768,
                heads: 12,
                activation: .gelu
            )
        }
        + [
            sigLIP(
                "vit_base_patch32_siglip_256",
                256,
                patch: 32,
                width: 768,
                heads: 12,
                activation: .tanhGELU
            )
        ]
        + [(256, Activation.gelu), (384, .gelu), (512, .tanhGELU)].map {
            sigLIP(
                "vit_large_patch16_siglip_\($0)",
                $0,
                patch: 16,
                width: 1_024,
                heads: 16,
                activation: $1
            )
        }
        + [(14, 224, Activation.gelu), (14, 378, .gelu), (14, 384, .gelu)].map {
            shapeOptimised(patch: $0, $1, $2)
        }
        + [(16, 256, Activation.tanhGELU), (16, 384, .tanhGELU), (16, 512, .tanhGELU)].map {
            shapeOptimised(patch: $0, $1, $2)
        }
        + [256, 384].map {
            sigLIP(
                "vit_giantopt_patch16_siglip_\($0)",
                $0,
                patch: 16,
                width: 1_536,
                heads: 16,
                activation: .tanhGELU
            )
        }

    private static func shapeOptimised(patch: Int, _ size: Int, _ activation: Activation) -> TimmTrunk {
        sigLIP(
            "vit_so400m_patch\(patch)_siglip_\(size)",
            size,
            patch: patch,
            width: 1_152,
            heads: 16,
            mlp: 4_304,
            activation: activation
        )
    }

    // MARK: Perception Encoder

    private static let perceptionEncoders = [
        perceptionEncoder("tiny_patch16_384", 384, patch: 16, width: 192, heads: 3),
        perceptionEncoder("small_patch16_384", 384, patch: 16, width: 384, heads: 6),
        perceptionEncoder("base_patch16_224", 224, patch: 16, width: 768, heads: 12),
        perceptionEncoder("large_patch14_336", 336, patch: 14, width: 1_024, heads: 16),
        perceptionEncoder(
            "gigantic_patch14_448",
            448,
            patch: 14,
            width: 1_536,
            heads: 16,
            mlp: 8_960,
            hasClassToken: false
        ),
    ]

    private static func perceptionEncoder(
        _ name: String,
        _ imageSize: Int,
        patch: Int,
        width: Int,
        heads: Int,
        mlp: Int? = nil,
        hasClassToken: Bool = true
    ) -> TimmTrunk {
        TimmTrunk(
            name: "vit_pe_core_\(name)",
            imageSize: imageSize,
            pool: "map",
            transformer: ModelConfiguration.PatchTransformer(
                patchSize: patch,
                encoder: encoder(width, heads: heads, mlp: mlp, epsilon: 1e-5),
                hasClassToken: hasClassToken,
                rotation: .init(offset: hasClassToken ? 1 : 0),
                pooling: .latent(.init(heads: 8, mlpWidth: 4 * width, activation: .gelu))
            )
        )
    }

    // MARK: Others

    private static let others = [
        // EVA01.
        TimmTrunk(
            name: "eva_giant_patch14_224",
            imageSize: 224,
            pool: "token",
            transformer: {
                var encoder = Self.encoder(1_408, heads: 16, mlp: 6_144)
                encoder.biases = .queryAndValue
                return ModelConfiguration.PatchTransformer(
                    patchSize: 14,
                    encoder: encoder,
                    hasPatchBias: true,
                    hasInputNorm: false
                )
            }()
        ),
        // MobileCLIP2-L/14.
        TimmTrunk(
            name: "vit_large_patch14_clip_224",
            imageSize: 224,
            pool: "token",
            transformer: ModelConfiguration.PatchTransformer(
                patchSize: 14,
                encoder: encoder(1_024, heads: 16, epsilon: 1e-5)
            )
        ),
        TimmTrunk(
            name: "vit_medium_patch16_gap_256",
            imageSize: 256,
            pool: "avg",
            transformer: {
                var encoder = Self.encoder(512, heads: 8)
                encoder.biases = .none
                encoder.hasGains = true
                return ModelConfiguration.PatchTransformer(
                    patchSize: 16,
                    encoder: encoder,
                    hasClassToken: false,
                    hasPatchBias: true,
                    hasInputNorm: false,
                    pooling: .mean(normalisesFirst: true)
                )
            }()
        ),
    ]
}
