import CLIPImaging
import Testing

@Suite("The preprocessing that a model's files ask for")
struct RecipeTests {
    private static let transformers = """
        {"crop_size": {"height": 224, "width": 224}, "do_center_crop": true, "do_convert_rgb": true,
         "do_normalize": true, "do_rescale": true, "do_resize": true, "image_mean": [0.1, 0.2, 0.3],
         "image_processor_type": "CLIPImageProcessor", "image_std": [0.4, 0.5, 0.6], "resample": 3,
         "rescale_factor": 0.00392156862745098, "size": {"shortest_edge": 224}}
        """

    private func transformers(_ json: String) throws(ImagingError) -> PreprocessingRecipe {
        try PreprocessingRecipe(preprocessorConfig: Array(json.utf8))
    }

    private func openCLIP(_ json: String) throws(ImagingError) -> PreprocessingRecipe {
        try PreprocessingRecipe(openCLIPConfig: Array(json.utf8), imageSize: 224)
    }

    @Test("A whole preprocessor_config.json is followed")
    func wholeTransformers() throws {
        let recipe = try transformers(Self.transformers)
        #expect(recipe.imageSize == 224)
        #expect(recipe.mean == [0.1, 0.2, 0.3])
        #expect(recipe.standardDeviation == [0.4, 0.5, 0.6])
    }

    @Test("Old files give sizes as numbers, and what they leave out has OpenAI's values")
    func oldTransformers() throws {
        let json =
            #"{"feature_extractor_type": "CLIPFeatureExtractor", "size": 336, "crop_size": 336, "resample": 3}"#
        #expect(try transformers(json) == .openAI(imageSize: 336))
    }

    @Test(
        "What is not done here is refused by name",
        arguments: [
            ("\"resample\": 3", "\"resample\": 2", "resample", "2"),
            ("\"do_resize\": true", "\"do_resize\": false", "do_resize", "false"),
            ("\"do_center_crop\": true", "\"do_center_crop\": false", "do_center_crop", "false"),
            ("\"do_rescale\": true", "\"do_rescale\": false", "do_rescale", "false"),
            ("\"do_normalize\": true", "\"do_normalize\": false", "do_normalize", "false"),
            ("0.00392156862745098", "0.5", "rescale_factor", "0.5"),
            ("{\"shortest_edge\": 224}", "{\"height\": 224, \"width\": 224}", "size", "height, width"),
            ("{\"shortest_edge\": 224}", "{\"longest_edge\": 224}", "size", "longest_edge"),
            ("{\"shortest_edge\": 224}", "{\"shortest_edge\": 256}", "crop_size", "224 after size 256"),
            ("\"height\": 224", "\"height\": 200", "crop_size", "height 200, width 224"),
            ("CLIPImageProcessor", "SiglipImageProcessor", "image_processor_type", "SiglipImageProcessor"),
            ("[0.1, 0.2, 0.3]", "[0.1]", "mean", "[0.1]"),
            ("[0.4, 0.5, 0.6]", "[0.5, 0, 0.5]", "standard deviation", "[0.5, 0.0, 0.5]"),
        ]
    )
    func unsupportedTransformers(field: String, replacement: String, name: String, value: String) throws {
        let json = Self.transformers.replacing(field, with: replacement)
        try #require(json != Self.transformers)
        #expect(throws: ImagingError.unsupportedSetting(name: name, value: value)) { try transformers(json) }
    }

    @Test("A size that is a number and means a square is refused, for a picture is squeezed into it")
    func squareByDefault() throws {
        #expect(throws: ImagingError.unsupportedSetting(name: "default_to_square", value: "true")) {
            try transformers(#"{"size": 224, "default_to_square": true}"#)
        }
        for json in [
            #"{"size": 224, "default_to_square": false}"#,
            #"{"size": {"shortest_edge": 224}, "default_to_square": true}"#, #"{"default_to_square": 1}"#,
        ] { #expect(try transformers(json) == .openAI(imageSize: 224)) }
    }

    @Test("A processor_config.json is followed, or says nothing of images, or is refused")
    func processorConfig() throws {
        func processor(_ json: String) throws(ImagingError) -> PreprocessingRecipe? {
            try PreprocessingRecipe(processorConfig: Array(json.utf8))
        }
        #expect(try processor(#"{"processor_class": "CLIPProcessor"}"#) == nil)
        let nested = #"{"processor_class": "CLIPProcessor", "size": 7, "image_processor": {"image_mean": 0}}"#
        #expect(try processor(nested)?.mean == [0, 0, 0])
        for (json, name, value) in [
            (#"{"image_processor": null}"#, "image_processor", "null"),
            (#"{"feature_extractor": {"size": 224}}"#, "feature_extractor", "the images' settings"),
            (#"{"size": 224, "image_mean": 0}"#, "image_mean", "a setting outside image_processor"),
            (#"{"do_center_crop": false}"#, "do_center_crop", "a setting outside image_processor"),
        ] {
            #expect(throws: ImagingError.unsupportedSetting(name: name, value: value)) { try processor(json) }
        }
    }

    @Test("Sizes that are missing are asked for by name")
    func missing() throws {
        #expect(try transformers("{}") == .openAI(imageSize: 224))
        #expect(throws: ImagingError.missingSetting(name: "size.shortest_edge")) {
            try transformers(#"{"size": {}}"#)
        }
        #expect(throws: ImagingError.missingSetting(name: "crop_size")) {
            try transformers(#"{"size": 224, "crop_size": {"height": 224}}"#)
        }
    }

    @Test("JSON of another form is refused, with the field when one is to blame")
    func malformed() {
        #expect(throws: ImagingError.malformedConfiguration(name: nil)) { try transformers("{") }
        #expect(throws: ImagingError.malformedConfiguration(name: nil)) { try transformers("") }
        #expect(throws: ImagingError.malformedConfiguration(name: "image_mean")) {
            try transformers(#"{"size": 224, "image_mean": "grey"}"#)
        }
        #expect(throws: ImagingError.malformedConfiguration(name: "preprocess_cfg.mean")) {
            try openCLIP(#"{"preprocess_cfg": {"mean": 3}}"#)
        }
    }

    @Test("A whole open_clip_config.json is followed")
    func wholeOpenCLIP() throws {
        let json = """
            {"model_cfg": {"embed_dim": 512}, "preprocess_cfg": {"mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6],
             "interpolation": "bicubic", "resize_mode": "shortest", "mode": "RGB", "size": [224, 224]}}
            """
        let recipe = try openCLIP(json)
        #expect(recipe.mean == [0.1, 0.2, 0.3])
        #expect(recipe.standardDeviation == [0.4, 0.5, 0.6])
        #expect(recipe.imageSize == 224)
    }

    @Test("OpenCLIP's defaults are OpenAI's values")
    func openCLIPDefaults() throws {
        #expect(try openCLIP("{}") == .openAI(imageSize: 224))
        #expect(try openCLIP(#"{"preprocess_cfg": {"size": 224}}"#) == .openAI(imageSize: 224))
    }

    @Test(
        "OpenCLIP's other ways are refused by name",
        arguments: [
            ("\"resize_mode\": \"squash\"", "preprocess_cfg.resize_mode", "squash"),
            ("\"resize_mode\": \"longest\"", "preprocess_cfg.resize_mode", "longest"),
            ("\"interpolation\": \"bilinear\"", "preprocess_cfg.interpolation", "bilinear"),
            ("\"mode\": \"L\"", "preprocess_cfg.mode", "L"),
            ("\"size\": 256", "preprocess_cfg.size", "[256]"),
            ("\"size\": [224, 200]", "preprocess_cfg.size", "[224, 200]"),
        ]
    )
    func unsupportedOpenCLIP(field: String, name: String, value: String) {
        #expect(throws: ImagingError.unsupportedSetting(name: name, value: value)) {
            try openCLIP("{\"preprocess_cfg\": {\(field)}}")
        }
    }

    @Test("An image size has bounds", arguments: [0, -1, 4097])
    func imageSize(size: Int) {
        #expect(throws: ImagingError.unsupportedSetting(name: "image size", value: "\(size)")) {
            try PreprocessingRecipe(imageSize: size, mean: [0, 0, 0], standardDeviation: [1, 1, 1])
        }
    }
}
