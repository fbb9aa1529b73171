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
        #expect(
            recipe.resizeMode == .shortest && recipe.filter == .bicubic && recipe.library == .transformers
        )
    }

    /// OpenAI's, as transformers prepares it.
    private func likeCLIP(_ imageSize: Int) -> PreprocessingRecipe {
        var recipe = PreprocessingRecipe.openAI(imageSize: imageSize)
        recipe.library = .transformers
        return recipe
    }

    @Test("What a processor's name stands for is followed where a file says nothing else")
    func processors() throws {
        for (name, size, mode, filter, mean) in [
            ("CLIP", "", PreprocessingRecipe.ResizeMode.shortest, ResizeFilter.bicubic, Float(0.48145466)),
            ("Bit", "", .shortest, .bicubic, 0.48145466), ("Siglip", "", .squash, .bicubic, 0.5),
            ("ViT", "", .squash, .bilinear, 0.5), ("ViT", #", "size": 224"#, .squash, .bilinear, 0.5),
        ] {
            for ending in ["", "Fast", "Pil"] {
                let recipe = try transformers(
                    #"{"image_processor_type": "\#(name)ImageProcessor\#(ending)"\#(size)}"#
                )
                #expect(recipe.resizeMode == mode && recipe.filter == filter && recipe.mean[0] == mean)
                #expect(recipe.imageSize == 224 && recipe.resizedSide == 224)
            }
        }
    }

    @Test("A file that names no processor has the one of the model that it belongs to")
    func standardProcessor() throws {
        let size = #""size": {"height": 224, "width": 224}, "resample": 3"#
        for json in ["{}", "{\(size)}", #"{"image_processor": {\#(size)}}"#] {
            for (config, mean) in [
                (#"{"model_type": "siglip"}"#, Float(0.5)), (#"{"model_type": "siglip_vision_model"}"#, 0.5),
                (#"{"model_type": "clip", "image_processor_type": "SiglipImageProcessor"}"#, 0.5),
                (#"{"model_type": "clip"}"#, 0.48145466), (#"{"model_type": "metaclip_2"}"#, 0.48145466),
                (#"{"model_type": "siglip", "image_processor_type": "CLIPImageProcessor"}"#, 0.48145466),
            ] {
                let (json, config) = (Array(json.utf8), Array(config.utf8))
                let recipe =
                    json.starts(with: #"{"image_processor""#.utf8)
                    ? try PreprocessingRecipe(processorConfig: json, modelConfig: config)
                    : try PreprocessingRecipe(preprocessorConfig: json, modelConfig: config)
                #expect(recipe?.mean[0] == mean && recipe?.imageSize == 224)
                #expect(mean != 0.5 || recipe?.resizeMode == .squash)
            }
        }
        #expect(throws: ImagingError.self) {
            try PreprocessingRecipe(
                preprocessorConfig: Array("{}".utf8),
                modelConfig: Array(#"{"image_processor_type": "DPTImageProcessor"}"#.utf8)
            )
        }
    }

    @Test("A crop of another size than the sides, and a squashed picture, are followed")
    func crops() throws {
        let cropped = try transformers(#"{"size": {"shortest_edge": 256}, "crop_size": 224}"#)
        #expect(cropped.imageSize == 224 && cropped.resizedSide == 256 && cropped.resizeMode == .shortest)
        for json in [
            #"{"size": {"height": 378, "width": 378}, "crop_size": {"height": 378, "width": 378}}"#,
            #"{"size": [378, 378], "do_center_crop": false}"#,
            #"{"size": 378, "default_to_square": 1, "do_center_crop": null, "crop_size": null}"#,
        ] {
            let squashed = try transformers(json)
            #expect(
                squashed.imageSize == 378 && squashed.resizedSide == 378 && squashed.resizeMode == .squash
            )
        }
    }

    @Test("Old files give sizes as numbers, and what they leave out has OpenAI's values")
    func oldTransformers() throws {
        let json =
            #"{"feature_extractor_type": "CLIPFeatureExtractor", "size": 336, "crop_size": 336, "resample": 3}"#
        #expect(try transformers(json) == likeCLIP(336))
    }

    @Test(
        "What is not done here is refused by name",
        arguments: [
            ("\"resample\": 3", "\"resample\": 0", "resample", "0"),
            ("\"resample\": 3", "\"resample\": 1", "resample", "1"),
            ("\"resample\": 3", "\"resample\": 4", "resample", "4"),
            ("\"resample\": 3", "\"use_square_size\": true", "use_square_size", "true"),
            ("\"do_resize\": true", "\"do_resize\": false", "do_resize", "false"),
            ("\"do_center_crop\": true", "\"do_center_crop\": false", "do_center_crop", "false"),
            ("\"do_rescale\": true", "\"do_rescale\": false", "do_rescale", "false"),
            ("\"do_normalize\": true", "\"do_normalize\": false", "do_normalize", "false"),
            ("\"do_center_crop\": true", "\"do_center_crop\": null", "do_center_crop", "null"),
            ("0.00392156862745098", "0", "rescale_factor", "0.0"),
            ("0.00392156862745098", "-1", "rescale_factor", "-1.0"),
            (
                "{\"shortest_edge\": 224}", "{\"height\": 224, \"width\": 200}", "size",
                "height 224, width 200"
            ),
            (
                "{\"shortest_edge\": 224}", "{\"shortest_edge\": 224, \"height\": 224}", "size",
                "shortest_edge, height, width"
            ),
            ("{\"shortest_edge\": 224}", "{\"shortest_edge\": 5000}", "image size", "5000"),
            ("{\"shortest_edge\": 224}", "{\"longest_edge\": 224}", "size", "longest_edge"),
            ("\"height\": 224", "\"height\": 200", "crop_size", "height 200, width 224"),
            ("CLIPImageProcessor", "Siglip2ImageProcessor", "image_processor_type", "Siglip2ImageProcessor"),
            (
                "CLIPImageProcessor", "ConvNextImageProcessor", "image_processor_type",
                "ConvNextImageProcessor"
            ),
            ("[0.1, 0.2, 0.3]", "[0.1]", "mean", "[0.1]"),
            ("[0.4, 0.5, 0.6]", "[0.5, 0, 0.5]", "standard deviation", "[0.5, 0.0, 0.5]"),
        ]
    )
    func unsupportedTransformers(field: String, replacement: String, name: String, value: String) throws {
        let json = Self.transformers.replacing(field, with: replacement)
        try #require(json != Self.transformers)
        #expect(throws: ImagingError.unsupportedSetting(name: name, value: value)) { try transformers(json) }
    }

    @Test("A lone number is the short side, unless numbers mean squares")
    func lonely() throws {
        #expect(try transformers(#"{"size": 224, "default_to_square": true}"#).resizeMode == .squash)
        for json in [
            #"{"size": 224, "default_to_square": false}"#,
            #"{"size": {"shortest_edge": 224}, "default_to_square": true}"#, #"{"default_to_square": 1}"#,
        ] { #expect(try transformers(json) == likeCLIP(224)) }
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
        #expect(try transformers("{}") == likeCLIP(224))
        #expect(throws: ImagingError.missingSetting(name: "size.shortest_edge")) {
            try transformers(#"{"size": {}}"#)
        }
        #expect(throws: ImagingError.missingSetting(name: "crop_size")) {
            try transformers(#"{"size": 224, "crop_size": {"height": 224}}"#)
        }
        #expect(throws: ImagingError.missingSetting(name: "size")) {
            try transformers(#"{"size": {"height": 224}}"#)
        }
        #expect(throws: ImagingError.missingSetting(name: "crop_size")) {
            try transformers(#"{"image_processor_type": "SiglipImageProcessor", "do_center_crop": true}"#)
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
            try openCLIP(#"{"preprocess_cfg": {"mean": "grey"}}"#)
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
            ("\"resize_mode\": \"letterbox\"", "preprocess_cfg.resize_mode", "letterbox"),
            ("\"interpolation\": \"nearest\"", "preprocess_cfg.interpolation", "nearest"),
            ("\"interpolation\": \"lanczos\"", "preprocess_cfg.interpolation", "lanczos"),
            ("\"fill_color\": 256", "preprocess_cfg.fill_color", "[256, 256, 256]"),
            ("\"fill_color\": [1, 2]", "preprocess_cfg.fill_color", "[1, 2]"),
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

    @Test("OpenCLIP's modes, filters, colours and lone numbers are followed, and null is nothing")
    func openCLIPWays() throws {
        let recipe = try openCLIP(
            #"{"preprocess_cfg": {"resize_mode": "longest", "interpolation": "bilinear", "fill_color": [1, 2, 3], "mean": 0.5}}"#
        )
        #expect(
            recipe.resizeMode == .longest && recipe.filter == .bilinear && recipe.mean == [0.5, 0.5, 0.5]
        )
        #expect(recipe.fillColour == .init(red: 1, green: 2, blue: 3) && recipe.library == .openCLIP)
        let nulls =
            #"{"preprocess_cfg": {"resize_mode": null, "interpolation": null, "mean": null, "fill_color": null}}"#
        #expect(try openCLIP(nulls) == .openAI(imageSize: 224))
        // As there, a lone zero is nothing, and a colour counts where some of it is seen.
        #expect(try openCLIP(#"{"preprocess_cfg": {"mean": 0, "fill_color": 9}}"#) == .openAI(imageSize: 224))
    }

    @Test("An image size has bounds", arguments: [0, -1, 4097])
    func imageSize(size: Int) {
        #expect(throws: ImagingError.unsupportedSetting(name: "image size", value: "\(size)")) {
            try PreprocessingRecipe(imageSize: size, mean: [0, 0, 0], standardDeviation: [1, 1, 1])
        }
    }
}
