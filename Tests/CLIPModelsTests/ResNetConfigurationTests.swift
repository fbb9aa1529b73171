import CLIPKernels
import CLIPModels
import CLIPTestSupport
import Testing

@Suite("Configurations of a ResNet")
struct ResNetConfigurationTests {
    private func openCLIP(_ vision: String, quickGELU: Bool = false) throws(ModelError) -> ModelConfiguration
    {
        let json = """
            {"model_cfg": {"embed_dim": 512, "quick_gelu": \(quickGELU), "vision_cfg": {\(vision)}, "text_cfg": {}}}
            """
        return try ModelConfiguration(openCLIPConfig: Array(json.utf8))
    }

    private func resNet(_ configuration: ModelConfiguration) -> ModelConfiguration.ResNet? {
        guard case .resNet(let resNet) = configuration.vision?.architecture else { return nil }
        return resNet
    }

    @Test(
        "The published ones",
        arguments: [
            (224, "[3, 4, 6, 3]", 64, 2048, 7, 32), (224, "[3, 4, 23, 3]", 64, 2048, 7, 32),
            (288, "[4, 6, 10, 6]", 80, 2560, 9, 40), (384, "[6, 8, 18, 8]", 96, 3072, 12, 48),
            (448, "[3, 15, 36, 10]", 128, 4096, 14, 64),
        ]
    )
    func published(size: Int, layers: String, width: Int, features: Int, grid: Int, heads: Int) throws {
        let configuration = try openCLIP(
            #""image_size": \#(size), "layers": \#(layers), "width": \#(width), "patch_size": null"#
        )
        let found = try #require(resNet(configuration))
        #expect(configuration.vision?.imageSize == size)
        #expect(configuration.vision?.pixelByteCount == 3 * size * size)
        #expect("\(found.bottlenecks)" == layers)
        #expect(found.width == width && found.featureWidth == features && found.heads == heads)
        #expect(found.grid(imageSize: size) == grid)
    }

    @Test("QuickGELU is the text tower's alone, and does not change the image tower")
    func quickGELU() throws {
        let quick = try openCLIP(#""layers": [1, 1, 1, 1], "width": 32"#, quickGELU: true)
        let plain = try openCLIP(#""layers": [1, 1, 1, 1], "width": 32"#)
        #expect(quick.text?.encoder.activation == .quickGELU && plain.text?.encoder.activation == .gelu)
        #expect(quick.vision == plain.vision)
    }

    @Test("Heads are counted as open_clip counts them, rounding down")
    func heads() throws {
        let even = try openCLIP(#""layers": [1, 2, 3, 4], "width": 10, "head_width": 40"#)
        #expect(resNet(even)?.heads == 8)
        let odd = try openCLIP(#""layers": [1, 2, 3, 4], "width": 10, "head_width": 60"#)
        #expect(resNet(odd)?.heads == 5)
    }

    @Test("Settings of a vision transformer have no effect, as in open_clip")
    func withoutEffect() throws {
        let plain = try openCLIP(#""layers": [1, 1, 1, 1], "width": 32"#)
        let more = try openCLIP(
            #""layers": [1, 1, 1, 1], "width": 32, "patch_size": 16, "mlp_ratio": 9, "pool_type": "avg", "qk_norm": true"#
        )
        #expect(plain == more)
    }

    @Test(
        "Numbers that no ResNet has",
        arguments: [
            ("layers", "[3, 4, 6]"), ("layers", "[3, 4, 6, 3, 2]"), ("layers", "[]"),
            ("layers", "[3, 0, 6, 3]"),
            ("layers", "[3, 4, 6.5, 3]"), ("layers", "[3, 4, \"6\", 3]"), ("layers", "[3, 4, 6, 1000000]"),
            ("width", "1"), ("width", "0"), ("width", "100000"), ("head_width", "0"), ("head_width", "4096"),
            ("head_width", "600"), ("head_width", "1"), ("image_size", "31"), ("image_size", "100000"),
            ("image_size", "[224, 256]"), ("image_size", "223"), ("image_size", "63"), ("image_size", "2048"),
        ]
    )
    func invalid(key: String, value: String) {
        var settings = ["layers": "[3, 4, 6, 3]", "width": "64", "head_width": "64", "image_size": "224"]
        settings[key] = value
        let vision = settings.map { #""\#($0.key)": \#($0.value)"# }.joined(separator: ", ")
        #expect("\(key): \(value)") { try openCLIP(vision) } throws: { error in
            guard case ModelError.invalidSetting("model_cfg.vision_cfg.\(key)", _) = error else {
                return false
            }
            return true
        }
    }

    @Test(
        "Sizes that are no multiple of 32 have as many positions as in open_clip",
        arguments: [32, 33, 62, 64, 70, 94, 96]
    )
    func sizes(size: Int) throws {
        let configuration = try openCLIP(#""layers": [1, 1, 1, 1], "width": 32, "image_size": \#(size)"#)
        #expect(resNet(configuration)?.grid(imageSize: size) == size / 32)
    }

    @Test(
        "Settings that lead to another tower, by name",
        arguments: [
            (#""timm_model_name": "resnet50""#, "timm_model_name"), (#""something_new": 1"#, "something_new"),
        ]
    )
    func unsupported(setting: String, key: String) {
        #expect("\(setting)") { try openCLIP(#""layers": [1, 1, 1, 1], "width": 32, \#(setting)"#) } throws: {
            error in
            guard case ModelError.unsupportedSetting("model_cfg.vision_cfg.\(key)", _) = error else {
                return false
            }
            return true
        }
    }
}
