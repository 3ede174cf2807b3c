"""What commands show to a person, with rich: tables and colours. A command imports its view when it has something to show."""
