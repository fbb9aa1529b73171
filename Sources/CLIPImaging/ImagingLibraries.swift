internal import CJPEG
internal import CPictures

/// The libraries that decode pictures.
package enum ImagingLibraries {
    /// The names and versions of the loaded libraries.
    ///
    /// libjpeg-turbo's version is that of its headers, because the library itself does not tell.
    package static var versions: [(name: String, version: String)] {
        let webp = cwebp_version()
        // This is "LIBTIFF, Version 4.5.0", followed by lines of its copyright.
        let tiff = String(cString: ctiff_version()).prefix { $0 != "\n" }.split(separator: " ").last ?? ""
        return [
            ("libjpeg-turbo", String(cString: cjpeg_version())), ("libpng", String(cString: cpng_version())),
            ("libtiff", String(tiff)), ("libwebp", "\(webp >> 16).\(webp >> 8 & 0xFF).\(webp & 0xFF)"),
            ("libavif", String(cString: cavif_version())), ("libheif", String(cString: cheif_version())),
        ]
    }

    /// Whether libheif can decode HEIC, for which it needs a plug-in or another library.
    package static var decodesHEIC: Bool { cheif_is_available() != 0 }
}
