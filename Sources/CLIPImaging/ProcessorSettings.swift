/// The settings in transformers' `preprocessor_config.json` that matter here.
struct ProcessorSettings {
    let imageProcessorType, featureExtractorType: String?
    let size, cropSize: SideLengths?
    let resample: Int?
    let doResize, doCenterCrop, doRescale, doNormalize, doPad, defaultToSquare, usesSquareSize: Bool?
    let rescaleFactor: Double?
    let imageMean, imageStd: [Float]?
    /// Whether the file gives a size to pad to; without one nothing is padded.
    let padsToSize: Bool
    /// Whether the switch for the crop is null, and whether the size of the crop is null.
    let isCropNull, isCropSizeNull: Bool
    /// The settings that are null although they need a value.
    let nulls: [String]

    init(_ fields: SettingsReader) throws(ImagingError) {
        imageProcessorType = try fields.text("image_processor_type")
        featureExtractorType = try fields.text("feature_extractor_type")
        size = try fields.lengths("size")
        cropSize = try fields.lengths("crop_size")
        resample = try fields.integer("resample")
        doResize = try fields.flag("do_resize")
        doCenterCrop = try fields.flag("do_center_crop")
        doRescale = try fields.flag("do_rescale")
        doNormalize = try fields.flag("do_normalize")
        doPad = try fields.flag("do_pad")
        defaultToSquare = try fields.flag("default_to_square")
        usesSquareSize = try fields.flag("use_square_size")
        rescaleFactor = try fields.number("rescale_factor")
        imageMean = try fields.numbers("image_mean")?.values(3)
        imageStd = try fields.numbers("image_std")?.values(3)
        padsToSize = fields.contains("pad_size") && !fields.isNull("pad_size")
        (isCropNull, isCropSizeNull) = (fields.isNull("do_center_crop"), fields.isNull("crop_size"))
        let needed = [
            "size", "resample", "do_resize", "do_rescale", "do_normalize", "rescale_factor", "image_mean",
            "image_std",
        ]
        nulls = needed.filter(fields.isNull)
    }

    /// The settings that are followed.
    private static let names = [
        "crop_size", "default_to_square", "do_center_crop", "do_normalize", "do_pad", "do_rescale",
        "do_resize", "feature_extractor_type", "image_mean", "image_processor_type", "image_std",
        "pad_size", "resample", "rescale_factor", "size", "use_square_size",
    ]

    /// The image settings in transformers' `processor_config.json`; nil if it has none.
    ///
    /// - Throws: `unsupportedSetting` for image settings in a place where transformers does not look for them.
    static func nested(in file: SettingsReader) throws(ImagingError) -> ProcessorSettings? {
        if let settings = try file.object("image_processor") { return try ProcessorSettings(settings) }
        if file.contains("image_processor") {
            throw .unsupportedSetting(name: "image_processor", value: "null")
        }
        if file.contains("feature_extractor") {
            throw .unsupportedSetting(name: "feature_extractor", value: "the images' settings")
        }
        if let name = names.first(where: file.contains) {
            throw .unsupportedSetting(name: name, value: "a setting outside image_processor")
        }
        return nil
    }
}
