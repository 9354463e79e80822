/** The version of Toxiproxy whose HTTP API this server speaks. */
export const VERSION = '2.12.0';
